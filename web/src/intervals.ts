// The periods this page offers, and how a live price falls into one.

export interface IntervalChoice {
  name: string;
  seconds: number;
  daily: boolean;
}

export const INTERVALS: readonly IntervalChoice[] = [
  { name: '1m', seconds: 60, daily: false },
  { name: '5m', seconds: 300, daily: false },
  { name: '15m', seconds: 900, daily: false },
  { name: '1h', seconds: 3600, daily: false },
  { name: '4h', seconds: 14_400, daily: false },
  { name: '1d', seconds: 86_400, daily: true },
  { name: '1w', seconds: 7 * 86_400, daily: true },
  { name: '1mo', seconds: 30 * 86_400, daily: true },
];

const newYork = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/New_York', year: 'numeric', month: '2-digit', day: '2-digit',
});

/** The start, in epoch seconds, of the period that an instant belongs to; null where only the server
 * knows (weeks and months). A day is the exchange's date, or the UTC date for a crypto pair. */
export function periodStart(interval: IntervalChoice, instantMs: number, crypto: boolean): number | null {
  if (!interval.daily) {
    return Math.floor(instantMs / 1000 / interval.seconds) * interval.seconds;
  }
  if (interval.name !== '1d') return null;
  if (crypto) return Math.floor(instantMs / 86_400_000) * 86_400;
  return Date.parse(`${newYork.format(instantMs)}T00:00:00Z`) / 1000;
}
