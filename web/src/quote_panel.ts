// The price, and beside it where it comes from and how old it is: never a number without its age.
import type { Quote } from './api';
import { formatAge, formatPrice, formatTime, formatVolume } from './format';

const STATES: Record<string, string> = {
  open: 'Open', closed: 'Closed', pre: 'Pre-market', post: 'After hours', halted: 'Halted',
};

// A quote of yesterday is worth a word even where its source says that it is its latest.
const OLD_MS = 86_400_000;

function byId(id: string): HTMLElement {
  return document.getElementById(id)!;
}

export class QuotePanel {
  private quote: Quote | null = null;
  private receivedAt = 0;

  constructor() {
    // The age grows while nothing arrives; a second's step is enough for a reader.
    window.setInterval(() => this.showProvenance(), 1000);
  }

  clear(symbol: string): void {
    this.quote = null;
    byId('title').textContent = symbol;
    for (const id of ['last', 'bid', 'ask', 'volume', 'market-state']) byId(id).textContent = '–';
    byId('change').textContent = '';
    byId('provenance').replaceChildren();
    document.title = `${symbol} · Ziggy`;
  }

  show(quote: Quote): void {
    const before = this.quote?.last ?? null;
    this.quote = quote;
    this.receivedAt = performance.now();
    const last = byId('last');
    last.textContent = formatPrice(quote.last);
    if (quote.last !== null && before !== null && quote.last !== before) {
      last.dataset['direction'] = quote.last > before ? 'up' : 'down';
    }
    this.showChange(quote);
    byId('bid').textContent = formatPrice(quote.bid);
    byId('ask').textContent = formatPrice(quote.ask);
    byId('volume').textContent = formatVolume(quote.volume);
    byId('market-state').textContent = STATES[quote.market_state] ?? quote.market_state;
    document.title = `${quote.symbol} ${formatPrice(quote.last)} · Ziggy`;
    this.showProvenance();
  }

  private showChange(quote: Quote): void {
    const change = byId('change');
    if (quote.change === null || quote.change_pct === null) {
      change.textContent = '';
      return;
    }
    const sign = quote.change < 0 ? '−' : '+';
    change.textContent =
      `${sign}${formatPrice(Math.abs(quote.change))} (${sign}${Math.abs(quote.change_pct).toFixed(2)} %)`;
    change.dataset['direction'] = quote.change < 0 ? 'down' : 'up';
  }

  private showProvenance(): void {
    if (!this.quote) return;
    const { provider, as_of, age_ms, stale, fallback_from } = this.quote;
    const age = age_ms + (performance.now() - this.receivedAt);
    const line = byId('provenance');
    const parts: (string | Node)[] = [];
    if (stale || age > OLD_MS) {
      const mark = document.createElement('strong');
      mark.textContent = stale ? 'Stale' : 'Old';
      parts.push(mark, ' ');
    }
    parts.push(`From ${provider}, as of ${formatTime(as_of, false)} UTC, ${formatAge(age)} old.`);
    if (fallback_from.length > 0) {
      parts.push(` Did not answer: ${fallback_from.map((f) => `${f.provider} (${f.code})`).join(', ')}.`);
    }
    line.replaceChildren(...parts);
  }
}
