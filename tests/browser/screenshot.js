// screenshot.js ADDRESS FILE SECONDS: the overview, after it has watched for a while.
import {openBrowser, WAIT_MS} from './browser.js';

const [address, file, seconds] = process.argv.slice(2);
const {browser, close} = await openBrowser();
try {
    const page = await browser.newPage();
    await page.setViewport({width: 1280, height: 800, deviceScaleFactor: 2});
    await page.goto(address);
    await page.waitForSelector('.tiles', {timeout: WAIT_MS});
    await new Promise(resolve => setTimeout(resolve, Number(seconds) * 1000));
    await page.screenshot({path: file});
    console.log(`wrote ${file}`);
} finally {
    await close();
}
