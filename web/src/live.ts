// One WebSocket for one symbol, opened again with back-off for as long as it is wanted.
import type { Quote } from './api';

export type LiveState = 'connecting' | 'live' | 'waiting';

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 15_000;
// The server pings by protocol, which a page cannot see; a page's own ping tells a dead link apart
// from a quiet market.
const PING_EVERY_MS = 15_000;

export class LiveQuotes {
  private socket: WebSocket | null = null;
  private retryMs = RETRY_FIRST_MS;
  private timer: number | undefined;
  private pinger: number | undefined;
  private answered = true;
  private wanted = true;

  constructor(
    private readonly symbol: string,
    private readonly onQuote: (quote: Quote) => void,
    private readonly onState: (state: LiveState, retryMs: number) => void,
  ) {
    this.open();
  }

  close(): void {
    this.wanted = false;
    window.clearTimeout(this.timer);
    window.clearInterval(this.pinger);
    this.socket?.close(1000);
    this.socket = null;
  }

  private open(): void {
    this.onState('connecting', 0);
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/ws/market/${encodeURIComponent(this.symbol)}`);
    this.socket = socket;
    socket.onopen = () => {
      if (!this.wanted) return socket.close(1000);
      this.answered = true;
      this.pinger = window.setInterval(() => this.ping(), PING_EVERY_MS);
    };
    socket.onmessage = (event: MessageEvent<string>) => this.receive(event.data);
    socket.onclose = () => this.retry();
  }

  private receive(text: string): void {
    if (!this.wanted) return;
    this.answered = true;
    const message = JSON.parse(text) as { type: string } & Quote;
    if (message.type === 'snapshot' || message.type === 'quote') {
      this.retryMs = RETRY_FIRST_MS;
      this.onState('live', 0);
      if (message.provider) this.onQuote(message);
    }
  }

  private ping(): void {
    if (!this.answered) return this.socket?.close();
    this.answered = false;
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send('{"type":"ping"}');
  }

  private retry(): void {
    window.clearInterval(this.pinger);
    if (!this.wanted) return;
    // Jitter, so that many pages do not return to a restarted server in the same moment.
    const wait = Math.round(this.retryMs * (0.75 + Math.random() / 2));
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MAX_MS);
    this.onState('waiting', wait);
    this.timer = window.setTimeout(() => this.open(), wait);
  }
}
