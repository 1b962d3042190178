// What a person does with the dashboard while all goes well.
import assert from 'node:assert/strict';
import {goTo, listen, textOf, until, untilText, WAIT_MS} from './browser.js';

const status = () => Object.fromEntries([...document.querySelectorAll('.tile')].map(tile => [
    new URLSearchParams(tile.getAttribute('href').split('?')[1]).get('state'), Number(tile.querySelector('b').textContent)]));

async function signIn(world) {
    const page = await world.browser.newPage();
    await page.setViewport({width: 1280, height: 900});
    world.complaints = listen(page);
    world.page = page;
    await page.goto(`${world.base}/#code=${await world.house.code()}`);
    await page.waitForSelector('.tiles', {timeout: WAIT_MS});
}

export const pageTests = {
    'a wrong code asks for a key and says why': async ({browser, base}) => {
        const page = await browser.newPage();
        await page.goto(`${base}/#code=${'0'.repeat(32)}`);
        await page.waitForSelector('.signin [role=alert]', {timeout: WAIT_MS});
        assert.match(await textOf(page, '.signin [role=alert]'), /unknown, used or older/);
        assert.ok(!page.url().includes('code='));
        await page.type('input[type=password]', 'tw_wrong');
        await page.keyboard.press('Enter');
        await untilText(page, '.signin [role=alert]', 'not one of ours');
        await page.close();
    },
    'the printed address signs in once and leaves the address bar': async world => {
        await signIn(world);
        assert.equal(new URL(world.page.url()).hash, '#/');
        assert.equal(await world.page.$eval('header a.brand', a => a.textContent.trim()), 'tillwire');
        await world.page.reload();
        await world.page.waitForSelector('.tiles', {timeout: WAIT_MS});
    },
    'the overview counts what the centre counts': async ({page, house}) => {
        await until(page, () => [...document.querySelectorAll('.tile b')].some(b => b.textContent !== '0'));
        const {counts} = await house.get('/v1/stores');
        assert.deepEqual(await page.evaluate(status), counts);
        assert.equal(counts.never_seen, 110);
    },
    'stores: filter, sort and page live in the address': async ({page}) => {
        await goTo(page, '#/stores', 'table.stores');
        assert.equal((await page.$$('table.stores tbody tr')).length, 100);
        await page.click('.pages button:last-of-type');
        await until(page, () => location.hash.includes('page=2') && document.querySelectorAll('table.stores tbody tr').length === 14);
        await page.type('.filters input', 's00');
        await until(page, () => document.querySelectorAll('table.stores tbody tr').length === 3);
        assert.match(page.url(), /q=s00/);
        assert.doesNotMatch(page.url(), /page=/);
        await page.select('.filters label:nth-of-type(3) select', 'store');
        await until(page, () => location.hash.includes('sort=store'));
        await page.reload();
        await until(page, () => document.querySelectorAll('table.stores tbody tr').length === 3);
        assert.deepEqual(await page.$$eval('table.stores tbody tr', rows => rows.map(row => row.dataset.store)), ['S001', 'S002', 'S003']);
        await page.select('.filters label:nth-of-type(2) select', 'down');
        await page.waitForSelector('.empty');
        assert.match(await textOf(page, '.empty'), /No store fits/);
    },
    'a store: proof, ledger, sources, resync': async ({page}) => {
        await goTo(page, '#/store/S010', '#proof');
        await untilText(page, '#proof', 'Verified equal');
        await untilText(page, '#missing', 'No transaction number is missing');
        await page.waitForSelector('table.ledger tbody tr');
        await untilText(page, 'section', 'POSLog.xml');
        await page.evaluate(() => [...document.querySelectorAll('button')].find(b => b.textContent === 'Resync').click());
        await untilText(page, '[role=status]', 'Asked');
        await untilText(page, 'section', 'repair');
        await untilText(page, 'section', 'done');
    },
    'items are found by keyboard alone': async ({page, house}) => {
        await house.ring('S001', 'ST-88', 1, '--description', 'Oat milk 1 l');
        await house.wait_drained();
        await goTo(page, '#/', '.tiles');
        await page.keyboard.press('/');
        await page.waitForFunction(() => document.activeElement?.id === 'search');
        await page.keyboard.type('oat milk');
        await untilText(page, 'td a', 'ST-88');
        assert.match(page.url(), /q=oat/);
        await page.keyboard.press('Enter');
        await page.waitForSelector('#total-recorded', {timeout: WAIT_MS});
        assert.match(await textOf(page, 'h1'), /Oat milk 1 l/);
    },
    'an item changes on the page when it is sold': async ({page, house}) => {
        await page.evaluate(() => { window.untouched = true; });
        assert.equal(await textOf(page, '#total-recorded'), '−1');
        await house.ring('S002', 'ST-88', 4);
        await until(page, () => document.querySelector('#total-recorded')?.textContent === '−5');
        assert.equal(await textOf(page, 'tr[data-store=S002] .recorded'), '−4');
        assert.ok(await page.evaluate(() => window.untouched), 'the page was loaded anew');
    },
    'hovering a figure shows its arithmetic': async ({page, house}) => {
        await house.opening('store,item,quantity\nS001,ST-88,20\nS002,ST-88,0\nS003,ST-88,7.5\n');
        await until(page, () => document.querySelector('tr[data-store=S001] td[data-title=Available]')?.textContent === '19');
        assert.equal(await page.$eval('tr[data-store=S001] td[data-title=Available]', td => td.title), 'on hand 19 − held 0 − pending 0 − margin 0 = 19');
    },
    'the feed shows a sale at once, and pauses': async ({page, house}) => {
        await goTo(page, '#/live', '.filters');
        await house.ring('S003', 'FEED-1', 1);
        await untilText(page, 'table.feed td', 'FEED-1');
        await page.evaluate(() => [...document.querySelectorAll('button')].find(b => b.textContent === 'Pause').click());
        await page.waitForSelector('.pill');
        await house.ring('S003', 'FEED-2', 1);
        await house.ring('S003', 'FEED-3', 1);
        await untilText(page, '.pill', '2 new');
        assert.ok(!(await textOf(page, 'table.feed')).includes('FEED-2'));
        await page.click('.pill');
        await untilText(page, 'table.feed td', 'FEED-3');
        await page.type('.filters input', 'feed-2');
        await until(page, () => document.querySelectorAll('table.feed tbody tr').length === 1);
    },
    'alerts say that there are none, or what they are': async ({page}) => {
        await goTo(page, '#/alerts', 'h1');
        await until(page, () => document.querySelector('.empty') || document.querySelector('tbody tr'));
    },
    'a page that is not there leads back': async ({page}) => {
        await goTo(page, '#/nothing', '.empty a');
        await page.click('.empty a');
        await page.waitForSelector('.tiles');
        await goTo(page, '#/item/none', '.empty');
        await untilText(page, '.empty', 'no store has ever had');
        await goTo(page, '#/store/S999', '.empty');
        await untilText(page, '.empty', 'not enrolled');
    },
};
