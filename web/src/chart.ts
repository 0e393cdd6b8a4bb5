// The candlestick chart: history from the API, the last candle moved by live prices.
import {
  CandlestickSeries, createChart, HistogramSeries, type CandlestickData, type IChartApi,
  type ISeriesApi, type UTCTimestamp,
} from 'lightweight-charts';
import type { Bar } from './api';
import { decimalsOf } from './format';

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function seconds(iso: string): UTCTimestamp {
  return (Date.parse(iso) / 1000) as UTCTimestamp;
}

export class PriceChart {
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<'Candlestick'>;
  private readonly volumes: ISeriesApi<'Histogram'>;
  private last: CandlestickData<UTCTimestamp> | null = null;
  private bars: Bar[] = [];

  constructor(element: HTMLElement) {
    this.chart = createChart(element, {
      autoSize: true,
      // The library's own logo needs an inline style sheet; the footer carries the attribution.
      layout: { attributionLogo: false, fontFamily: 'system-ui, sans-serif' },
      rightPriceScale: { borderVisible: false },
      timeScale: { borderVisible: false, timeVisible: true, rightOffset: 4 },
    });
    this.candles = this.chart.addSeries(CandlestickSeries, { borderVisible: false });
    this.volumes = this.chart.addSeries(HistogramSeries, {
      priceScaleId: 'volume', priceFormat: { type: 'volume' }, lastValueVisible: false, priceLineVisible: false,
    });
    this.chart.priceScale('volume').applyOptions({ scaleMargins: { top: 0.85, bottom: 0 } });
    this.applyTheme();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.applyTheme());
  }

  show(bars: Bar[], daily: boolean, view: 'reset' | 'keep'): void {
    this.bars = bars;
    this.chart.timeScale().applyOptions({ timeVisible: !daily });
    const decimals = bars.length > 0 ? decimalsOf(bars[bars.length - 1]!.c) : 2;
    this.candles.applyOptions({
      priceFormat: { type: 'price', precision: decimals, minMove: 10 ** -decimals },
    });
    const data = bars.map((b) => ({ time: seconds(b.t), open: b.o, high: b.h, low: b.l, close: b.c }));
    this.candles.setData(data);
    this.showVolumes();
    this.last = data[data.length - 1] ?? null;
    if (view === 'keep') return;
    // A screen's worth of bars, not all of history squeezed into hairlines.
    const shown = 160;
    this.chart.timeScale().setVisibleLogicalRange({ from: bars.length - shown, to: bars.length + 4 });
  }

  /** Moves the last candle, or begins a new one. `period` is null when the page cannot know it. False:
   * the price belongs to a period before the last candle and was not drawn. */
  move(price: number, period: number | null): boolean {
    if (!this.last) return false;
    if (period === null || period === this.last.time) {
      const { time, open, high, low } = this.last;
      this.last = { time, open, high: Math.max(high, price), low: Math.min(low, price), close: price };
    } else if (period > this.last.time) {
      this.last = { time: period as UTCTimestamp, open: price, high: price, low: price, close: price };
    } else {
      return false;
    }
    this.candles.update(this.last);
    return true;
  }

  private showVolumes(): void {
    const up = color('--up');
    const down = color('--down');
    this.volumes.setData(this.bars.map((b) => ({
      time: seconds(b.t), value: b.v, color: `${b.c >= b.o ? up : down}55`,
    })));
  }

  private applyTheme(): void {
    const grid = color('--grid');
    this.chart.applyOptions({
      layout: { background: { color: color('--panel') }, textColor: color('--quiet') },
      grid: { vertLines: { color: grid }, horzLines: { color: grid } },
    });
    const up = color('--up');
    const down = color('--down');
    this.candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
    this.showVolumes();
  }
}
