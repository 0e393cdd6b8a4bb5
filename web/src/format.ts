const volume = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** At least two decimals, and as many more as the price itself has, up to eight. */
export function formatPrice(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return value.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: decimalsOf(value) });
}

export function decimalsOf(value: number): number {
  if (Math.abs(value) >= 10) return 2;
  return Math.abs(value) >= 0.1 ? 4 : 8;
}

export function formatVolume(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : volume.format(value);
}

export function formatAge(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h`;
  if (seconds < 2 * 365 * 86_400) return `${Math.round(seconds / 86_400)} days`;
  return `${(seconds / (365.25 * 86_400)).toFixed(1)} years`;
}

/** `2020-03-31` for days, `2020-03-31 14:30:05` otherwise; always UTC. */
export function formatTime(iso: string, daily: boolean): string {
  return daily ? iso.slice(0, 10) : iso.slice(0, 19).replace('T', ' ');
}
