// Runs the tests one after another in one house and one browser.
import fs from 'node:fs';
import path from 'node:path';
import {openBrowser} from './browser.js';
import {openHouse} from './house.js';
import {formatTests} from './format_tests.js';
import {pageTests} from './page_tests.js';
import {lookTests} from './look_tests.js';
import {faultTests} from './fault_tests.js';

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..');
const shots = path.join(root, 'build/browser');
const words = process.argv.slice(2);
const TEST_MS_MAX = 90000;
let passed = 0, failed = 0;

const limited = promise => {
    let timer;
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`not done after ${TEST_MS_MAX} ms`)), TEST_MS_MAX); });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

async function run(tests, world) {
    for (const [name, test] of Object.entries(tests)) {
        if (words.length && !words.some(word => name.includes(word))) continue;
        const started = Date.now();
        try {
            await limited(test(world));
            passed++;
            console.log(`ok   ${name} (${Date.now() - started} ms)`);
        } catch (problem) {
            failed++;
            console.log(`FAIL ${name}: ${problem.stack}`);
            const page = world.page;
            if (page) await page.screenshot({path: path.join(shots, `failed-${name.replace(/\W+/g, '-')}.png`)}).catch(() => {});
        }
    }
}

async function main() {
    fs.mkdirSync(shots, {recursive: true});
    await run(formatTests, {});
    const house = openHouse();
    try {
        const {base} = await house.open();
        const {browser, close} = await openBrowser();
        try {
            const world = {house, base, browser, shots};
            await run(pageTests, world);
            await run(lookTests, world);
            await run(faultTests, world);
        } finally {
            await close();
        }
    } finally {
        await house.close();
    }
}

try {
    await main();
} catch (problem) {
    failed++;
    console.log(`FAIL ${problem.stack}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
