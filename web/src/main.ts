import { fetchBars, fetchQuote, Problem, type Bar, type Quote } from './api';
import { PriceChart } from './chart';
import { formatPrice, formatTime, formatVolume } from './format';
import { INTERVALS, periodStart, type IntervalChoice } from './intervals';
import { LiveQuotes, type LiveState } from './live';
import { QuotePanel } from './quote_panel';
import { SymbolPicker } from './symbol_picker';

const DEFAULT_SYMBOL = 'SPY';
const TABLE_ROWS = 20;
// A live candle is drawn from prices alone; its volume and the bars a page slept through come back
// from the server now and then.
const REFRESH_MS = 60_000;
const QUOTE_RETRY_MS = 5_000;

// Asking again cannot help with these.
const HOPELESS = new Set(['unknown_symbol', 'validation_failed', 'not_found']);

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

const chart = new PriceChart(element('chart'));
const panel = new QuotePanel();
const picker = new SymbolPicker(element('symbol-input'), element('symbol-options'), (s) => open(s, interval));

let symbol = '';
let interval: IntervalChoice = INTERVALS.find((i) => i.name === '1d')!;
let live: LiveQuotes | null = null;
let symbolRequests = new AbortController();
let barRequests = new AbortController();

function showProblem(error: unknown): void {
  const box = element('problem');
  if (error === null) {
    box.hidden = true;
    return;
  }
  if (error instanceof DOMException && error.name === 'AbortError') return;
  box.textContent = error instanceof Problem
    ? `${error.message} (${error.code}${error.correlationId ? `, ${error.correlationId}` : ''})`
    : 'The server does not answer.';
  box.hidden = false;
}

function showConnection(state: LiveState, retryMs: number): void {
  const line = element('connection');
  const text = {
    connecting: 'Connecting…',
    live: 'Connected',
    waiting: `Disconnected; next try in ${Math.max(1, Math.round(retryMs / 1000))} s`,
  }[state];
  if (line.textContent !== text) line.textContent = text;
  line.dataset['state'] = state;
}

function describe(bars: Bar[]): void {
  element('chart-caption').textContent = `${symbol}, ${interval.name} bars`;
  const first = bars[0];
  const last = bars[bars.length - 1];
  element('chart-summary').textContent = first && last
    ? `Candlestick chart of ${symbol}, ${bars.length} bars of ${interval.name} from ` +
      `${formatTime(first.t, interval.daily)} to ${formatTime(last.t, interval.daily)}; ` +
      `last close ${formatPrice(last.c)}.`
    : `No bars of ${interval.name} for ${symbol}.`;
  element('bars-table').replaceChildren(...bars.slice(-TABLE_ROWS).reverse().map((bar) => {
    const row = document.createElement('tr');
    const cells = [formatTime(bar.t, interval.daily), formatPrice(bar.o), formatPrice(bar.h),
      formatPrice(bar.l), formatPrice(bar.c), formatVolume(bar.v)];
    row.append(...cells.map((text) => {
      const cell = document.createElement('td');
      cell.textContent = text;
      return cell;
    }));
    return row;
  }));
}

async function loadBars(view: 'reset' | 'keep'): Promise<void> {
  barRequests.abort();
  barRequests = new AbortController();
  const { signal } = barRequests;
  const answer = await fetchBars(symbol, interval.name, signal);
  if (signal.aborted) return;
  chart.show(answer.bars, interval.daily, view);
  describe(answer.bars);
}

/** The quote by HTTP comes first, since it says why there is none, which a refused socket cannot. */
async function follow(signal: AbortSignal): Promise<void> {
  try {
    const quote = await fetchQuote(symbol, signal);
    if (signal.aborted) return;
    panel.show(quote);
    live = new LiveQuotes(symbol, onQuote, showConnection);
  } catch (error) {
    if (signal.aborted) return;
    showProblem(error);
    if (error instanceof Problem && HOPELESS.has(error.code)) return;
    window.setTimeout(() => { if (!signal.aborted) void follow(signal); }, QUOTE_RETRY_MS);
  }
}

function onQuote(quote: Quote): void {
  panel.show(quote);
  if (quote.last === null || quote.stale) return;
  chart.move(quote.last, periodStart(interval, Date.parse(quote.as_of), /^[A-Z0-9]+-[A-Z]{3,4}$/.test(symbol)));
}

function open(nextSymbol: string, nextInterval: IntervalChoice): void {
  const sameSymbol = nextSymbol === symbol;
  symbol = nextSymbol;
  interval = nextInterval;
  history.replaceState(null, '', `?symbol=${encodeURIComponent(symbol)}&interval=${interval.name}`);
  picker.set(symbol);
  showProblem(null);
  if (!sameSymbol) {
    symbolRequests.abort();
    symbolRequests = new AbortController();
    live?.close();
    live = null;
    panel.clear(symbol);
    chart.show([], interval.daily, 'reset');
    describe([]);
    void follow(symbolRequests.signal);
  }
  loadBars('reset').catch(showProblem);
}

function offerIntervals(): void {
  const group = element('intervals');
  for (const choice of INTERVALS) {
    const label = document.createElement('label');
    const input = document.createElement('input');
    input.type = 'radio';
    input.name = 'interval';
    input.value = choice.name;
    input.checked = choice === interval;
    input.addEventListener('change', () => open(symbol, choice));
    const text = document.createElement('span');
    text.textContent = choice.name;
    label.append(input, text);
    group.append(label);
  }
}

const asked = new URLSearchParams(location.search);
interval = INTERVALS.find((i) => i.name === asked.get('interval')) ?? interval;
offerIntervals();
open((asked.get('symbol') || DEFAULT_SYMBOL).toUpperCase(), interval);
window.setInterval(() => {
  if (!document.hidden) loadBars('keep').catch(() => undefined);  // The next round tries again.
}, REFRESH_MS);
