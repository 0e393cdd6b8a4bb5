// The page in headless Chromium: it opens, has candles, the price moves, the keyboard is enough, a lost
// connection comes back, axe finds nothing serious, and the console stays clean.
//
//   node page_test.mjs http://127.0.0.1:8000        exit 0 when all pass, 1 otherwise
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const url = process.argv[2];
if (!url) throw new Error('usage: page_test.mjs URL');
const PATIENCE_MS = 15_000;
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const profile = await mkdtemp(join(tmpdir(), 'ziggy-browser-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.ZIGGY_CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
  viewport: { width: 1280, height: 800 },
});
context.setDefaultTimeout(PATIENCE_MS);

/** A fresh page that remembers everything the console complained about. */
async function open(path = '/') {
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) page.complaints.push(message.text());
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) page.complaints.push(`asked another host: ${request.url()}`);
  });
  await page.goto(url + path);
  return page;
}

const text = (page, selector) => page.locator(selector).innerText();

async function waitUntilLive(page) {
  await page.locator('#connection[data-state="live"]').waitFor();
  await page.waitForFunction(() => document.querySelector('#last').textContent !== '–');
  await waitForBars(page);
}

async function waitForBars(page) {
  await page.waitForFunction(() => /, [1-9]\d* bars of/.test(document.querySelector('#chart-summary').textContent));
}

/** Pixels of the chart in the colours of rising and falling candles. */
function candlePixels(page) {
  return page.evaluate(() => {
    const style = getComputedStyle(document.documentElement);
    const wanted = ['--up', '--down'].map((name) => {
      const hex = style.getPropertyValue(name).trim();
      return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)).join();
    });
    let count = 0;
    for (const canvas of document.querySelectorAll('#chart canvas')) {
      if (canvas.width === 0 || canvas.height === 0) continue;
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      for (let i = 0; i < data.length; i += 4) {
        if (wanted.includes(`${data[i]},${data[i + 1]},${data[i + 2]}`)) ++count;
      }
    }
    return count;
  });
}

/** After the complaints were looked at, since Chromium warns of reading pixels back. */
async function assertCandles(page) {
  let count = 0;
  for (let tries = 0; tries < 20 && count < 500; ++tries) {
    await page.waitForTimeout(100);  // The chart paints on the next frames.
    count = await candlePixels(page);
  }
  assert.ok(count >= 500, `only ${count} pixels of candles`);
}

async function seriousViolations(page) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations
    .filter((violation) => ['serious', 'critical'].includes(violation.impact))
    .map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).join(', ')}`);
}

const tests = {
  async 'the page opens with candles, a price and its source'() {
    const page = await open();
    await waitUntilLive(page);
    assert.match(await text(page, '#provenance'), /^From \w+, as of .+ UTC, .+ old\./);
    assert.deepEqual(page.complaints, []);
    await assertCandles(page);
  },

  async 'the price moves within seconds, without asking again'() {
    const page = await open('/?symbol=AAPL&interval=1m');
    await waitUntilLive(page);
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    const before = await text(page, '#last');
    await page.waitForFunction((old) => document.querySelector('#last').textContent !== old, before, { timeout: 5000 });
    assert.deepEqual(asked, []);
    assert.deepEqual(page.complaints, []);
  },

  async 'the keyboard alone changes the symbol'() {
    const page = await open('/?symbol=AAPL');
    await waitUntilLive(page);
    await page.keyboard.press('/');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'symbol-input');
    await page.keyboard.type('MSF');
    await page.locator('#symbol-options li').first().waitFor();
    await page.waitForFunction(() => document.querySelector('#symbol-options li')?.dataset.symbol === 'MSFT');
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.locator('#symbol-input').getAttribute('aria-activedescendant'), 'symbol-option-0');
    assert.deepEqual(await seriousViolations(page), []);
    await page.keyboard.press('Enter');
    await page.locator('h1', { hasText: 'MSFT' }).waitFor();
    await waitUntilLive(page);
    assert.match(page.url(), /symbol=MSFT/);
    assert.equal(await page.locator('#symbol-options').isHidden(), true);
    assert.deepEqual(page.complaints, []);
  },

  async 'the keyboard alone changes the interval'() {
    const page = await open('/?symbol=AAPL&interval=1d');
    await waitUntilLive(page);
    await page.locator('input[name="interval"][value="1d"]').focus();
    await page.keyboard.press('ArrowLeft');
    await page.locator('#chart-caption', { hasText: '4h' }).waitFor();
    await waitForBars(page);
    assert.match(page.url(), /interval=4h/);
    assert.deepEqual(page.complaints, []);
  },

  async 'imported history is shown, and said to be old'() {
    const page = await open('/?symbol=SPX&interval=1d');
    await waitForBars(page);
    await page.locator('#provenance strong').waitFor();
    assert.match(await text(page, '#provenance'), /^(Stale|Old) From .*years old/);
    assert.deepEqual(page.complaints, []);
    await assertCandles(page);
  },

  async 'a lost connection is shown and comes back'() {
    const page = await context.newPage();
    const sockets = [];
    await page.routeWebSocket(/\/ws\//, (socket) => {
      socket.connectToServer();
      sockets.push(socket);
    });
    await page.goto(`${url}/?symbol=AAPL`);
    await waitUntilLive(page);
    await sockets[0].close({ code: 1012, reason: 'restart' });
    await page.locator('#connection[data-state="waiting"]', { hasText: 'Disconnected' }).waitFor();
    await page.locator('#connection[data-state="live"]').waitFor();
    assert.equal(sockets.length, 2);
  },

  async 'an unknown symbol is told in words'() {
    const page = await open('/?symbol=NOPE');
    await page.locator('#problem', { hasText: 'unknown_symbol' }).waitFor();
  },

  async 'axe finds nothing serious, in light and in dark'() {
    for (const colorScheme of ['light', 'dark']) {
      for (const path of ['/', '/?symbol=SPX', '/docs']) {
        const page = await open(path);
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        if (path !== '/docs') await waitForBars(page);
        assert.deepEqual(await seriousViolations(page), [], `${path} in ${colorScheme}`);
        assert.deepEqual(page.complaints, []);
        await page.close();
      }
    }
  },
};

let failed = 0;
try {
  for (const [name, run] of Object.entries(tests)) {
    const start = performance.now();
    try {
      await run();
      console.log(`ok    ${name} (${Math.round(performance.now() - start)} ms)`);
    } catch (error) {
      ++failed;
      console.log(`FAIL  ${name}\n${error.stack}`);
    }
    for (const page of context.pages().slice(1)) await page.close();
  }
} finally {
  await context.close();
  await rm(profile, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);
