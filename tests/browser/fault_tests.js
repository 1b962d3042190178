// What the pages show when something breaks, without being asked.
import assert from 'node:assert/strict';
import {goTo, textOf, until, untilText} from './browser.js';

export const faultTests = {
    'a store that is not enrolled is shown': async ({page, house}) => {
        await goTo(page, '#/', '.tiles');
        await house.stranger('S666');
        await until(page, () => document.querySelector('#unknown-stores')?.textContent.includes('S666'));
    },
    'a store that falls silent turns stale on the page, its age ticking': async ({page, house}) => {
        await goTo(page, '#/stores?q=s00', 'table.stores');
        await until(page, () => /fresh/.test(document.querySelector('tr[data-store=S003] .status')?.textContent));
        await house.kill('S003');
        await until(page, () => /stale/.test(document.querySelector('tr[data-store=S003] .status')?.textContent));
        const age = () => textOf(page, 'tr[data-store=S003] .agebar');
        const before = await age();
        await until(page, old => document.querySelector('tr[data-store=S003] .agebar').textContent.trim() !== old, before);
        assert.match(await page.evaluate(() => document.querySelector('tr[data-store=S001] .status').textContent), /fresh/);
        await house.start('S003');
        await until(page, () => /fresh/.test(document.querySelector('tr[data-store=S003] .status')?.textContent));
    },
    'without the centre a banner says so and figures grey out, until it is back': async ({page, house}) => {
        await goTo(page, '#/', '.tiles');
        await house.stop_centre();
        await page.waitForSelector('.banner[role=alert]', {timeout: 20000});
        assert.match(await textOf(page, '.banner'), /lost its stream/);
        assert.ok(await page.$('main.lost'));
        await house.start_centre();
        await untilText(page, '.signin, .tiles, h1', 'Overview').catch(() => {});
        await until(page, () => !document.querySelector('.banner') || document.querySelector('.signin'));
    },
};
