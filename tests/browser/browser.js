// A quiet headless Chromium with a profile of its own, and what the tests do with its pages.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import puppeteer from 'puppeteer-core';

const FLAGS = ['--headless=new', '--no-first-run', '--disable-gpu', '--disable-dev-shm-usage', '--disable-extensions',
    '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-default-apps', '--mute-audio',
    '--no-default-browser-check', '--metrics-recording-only', '--password-store=basic', '--use-mock-keychain'];
export const WAIT_MS = 20000;

export async function openBrowser() {
    const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'tillwire-browser-'));
    const flags = process.getuid() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS;
    const browser = await puppeteer.launch({executablePath: process.env.CHROMIUM || '/usr/bin/chromium', userDataDir: profile, args: flags});
    return {browser, close: async () => {
        await browser.close();
        fs.rmSync(profile, {recursive: true, force: true, maxRetries: 5});
    }};
}

// What the page complained of; a lost connection and a refused sign-in are what some tests are about.
export function listen(page) {
    const complaints = [];
    const expected = /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|ERR_NETWORK|status of 40[14]/;
    page.on('console', message => {
        if (['error', 'warn'].includes(message.type()) && !expected.test(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', error => complaints.push(error.message));
    return complaints;
}

export const textOf = (page, selector) => page.$eval(selector, element => element.textContent.trim()).catch(() => null);

// Waits until condition(…args), run in the page, is true.
export const until = (page, condition, ...args) => page.waitForFunction(condition, {timeout: WAIT_MS, polling: 100}, ...args);

export const untilText = (page, selector, wanted) => until(page, (where, what) => {
    return [...document.querySelectorAll(where)].some(element => element.textContent.includes(what));
}, selector, wanted);

export const goTo = async (page, hash, selector) => {
    await page.evaluate(to => { location.hash = to; }, hash);
    await page.waitForSelector(selector, {timeout: WAIT_MS});
};
