// How the pages look: light, dark and narrow, without overflow; keyboard; no inline code.
import assert from 'node:assert/strict';
import path from 'node:path';
import {goTo, until} from './browser.js';

const PAGES = {overview: ['#/', '.tiles'], stores: ['#/stores?q=s0', 'table.stores'], store: ['#/store/S010', '#proof'], items: ['#/items?q=oat', '#search'],
    item: ['#/item/ST-88', '#total-recorded'], live: ['#/live', '.filters'], alerts: ['#/alerts', 'h1'], unknown: ['#/item/none', '.empty']};
const HEIGHT_MAX = 1600;
const LOOKS = {light: [1280, 'light'], dark: [1280, 'dark'], narrow: [400, 'light'], 'narrow-dark': [400, 'dark']};

const overflowing = () => {
    const width = document.documentElement.clientWidth;
    const inScroll = element => element.closest('.scroll') && element.closest('.scroll') !== element;
    return document.scrollingElement.scrollWidth <= width ? [] : [...document.querySelectorAll('body *')]
        .filter(element => element.getBoundingClientRect().right > width + 1 && !inScroll(element)).map(element => `${element.tagName}.${element.className}`);
};

async function look(world, look) {
    const {page, shots} = world, [width, scheme] = LOOKS[look];
    await page.setViewport({width, height: 900, deviceScaleFactor: 1});
    await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
    for (const [name, [hash, selector]] of Object.entries(PAGES)) {
        await goTo(page, hash, selector);
        await until(page, () => ![...document.querySelectorAll('.empty')].some(empty => empty.textContent === 'Loading…'));
        assert.deepEqual(await page.evaluate(overflowing), [], `${name} is wider than ${width} px`);
        const height = Math.min(HEIGHT_MAX, await page.evaluate(() => document.scrollingElement.scrollHeight));
        await page.screenshot({path: path.join(shots, `${name}-${look}.png`), captureBeyondViewport: true, clip: {x: 0, y: 0, width, height}});
    }
    await page.setViewport({width: 1280, height: 900});
    await page.emulateMediaFeatures([]);
}

export const lookTests = {
    'light': world => look(world, 'light'),
    'dark': world => look(world, 'dark'),
    'narrow': world => look(world, 'narrow'),
    'narrow and dark': world => look(world, 'narrow-dark'),
    'the keyboard reaches everything': async ({page}) => {
        for (const [hash, selector] of Object.values(PAGES)) {
            await goTo(page, hash, selector);
            await page.evaluate(() => document.activeElement?.blur());
            const wanted = await page.evaluate(() => [...document.querySelectorAll('a[href], button:not([disabled]), input, select')].length);
            const reached = await page.evaluateHandle(() => new Set());
            for (let presses = 0; presses < wanted + 2; presses++) {
                await page.keyboard.press('Tab');
                await page.evaluate(set => document.activeElement !== document.body && set.add(document.activeElement), reached);
            }
            const missed = await page.evaluate(set => [...document.querySelectorAll('a[href], button:not([disabled]), input, select')]
                .filter(element => !set.has(element) && element.isConnected).length, reached);
            assert.ok(missed <= wanted * 0.1, `${hash}: ${missed} of ${wanted} not reached`); // rows may have been redrawn meanwhile
        }
    },
    'no code or style stands in the page itself': async ({page}) => {
        const source = await (await fetch(page.url().split('#')[0])).text();
        assert.ok(!/<script(?![^>]*\bsrc=)/.test(source) && !/\son\w+=/.test(source) && !/<style|\sstyle=/.test(source));
    },
    'words are readable: contrast of 4.5 and more': async ({page}) => {
        for (const scheme of ['light', 'dark']) {
            await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
            for (const [hash, selector] of Object.values(PAGES)) {
                await goTo(page, hash, selector);
                assert.deepEqual(await page.evaluate(pale), [], `${scheme} ${hash}`);
            }
        }
        await page.emulateMediaFeatures([]);
    },
    'nothing complained': ({complaints}) => assert.deepEqual(complaints, []),
};

// Elements with words whose colour stands out too little from the background behind them.
function pale() {
    const parse = text => (text.match(/[\d.]+/g) || []).map(Number);
    const light = ([r, g, b]) => [r, g, b].map(v => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = element => {
        for (let at = element; at; at = at.parentElement) {
            const colour = parse(getComputedStyle(at).backgroundColor);
            if (colour.length === 3 || colour[3] > 0.9) return colour;
        }
        return [255, 255, 255];
    };
    const bad = [];
    for (const element of document.querySelectorAll('main *, header *')) {
        const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
        if (!own || element.closest('.none') || element.closest('[disabled]')) continue;
        const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) bad.push(`${element.tagName}.${element.className} "${element.textContent.trim().slice(0, 20)}" ${ratio.toFixed(2)}`);
    }
    return [...new Set(bad)].slice(0, 5);
}
