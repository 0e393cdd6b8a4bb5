// The part of the HTTP contract that this page uses.

export interface Provenance {
  provider: string;
  as_of: string;
  age_ms: number;
  stale: boolean;
  fallback_from: { provider: string; code: string; detail: string }[];
}

export interface Quote extends Provenance {
  symbol: string;
  bid: number | null;
  ask: number | null;
  last: number | null;
  prev_close: number | null;
  change: number | null;
  change_pct: number | null;
  volume: number | null;
  market_state: string;
}

export interface Bar { t: string; o: number; h: number; l: number; c: number; v: number }

export interface Bars extends Provenance {
  symbol: string;
  interval: string;
  bars: Bar[];
  next_cursor: string | null;
}

export interface SymbolRow { symbol: string; name: string | null; asset_class: string }

/** What an answer that is not 2xx says (application/problem+json). */
export class Problem extends Error {
  constructor(readonly code: string, detail: string, readonly correlationId: string | null) {
    super(detail);
  }
}

async function get<T>(path: string, query: Record<string, string>, signal?: AbortSignal): Promise<T> {
  const response = await fetch(`${path}?${new URLSearchParams(query)}`, {
    headers: { accept: 'application/json' },
    signal: signal ?? null,
  });
  if (response.ok) return (await response.json()) as T;
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  throw new Problem(
    String(body['code'] ?? response.status),
    String(body['detail'] ?? response.statusText),
    (body['correlation_id'] as string | undefined) ?? null,
  );
}

/** The last bars there are. */
export function fetchBars(symbol: string, interval: string, signal: AbortSignal): Promise<Bars> {
  return get<Bars>(`/api/v1/market/bars/${encodeURIComponent(symbol)}`, { interval, limit: '1000' }, signal);
}

export function fetchQuote(symbol: string, signal: AbortSignal): Promise<Quote> {
  return get<Quote>(`/api/v1/market/quotes/${encodeURIComponent(symbol)}`, {}, signal);
}

export async function findSymbols(query: string, signal: AbortSignal): Promise<SymbolRow[]> {
  const answer = await get<{ items: SymbolRow[] }>('/api/v1/market/symbols',
    { ...(query ? { query } : {}), limit: '20' }, signal);
  return answer.items;
}
