// A combobox after the ARIA Authoring Practices: type, arrows, Enter, Escape; `/` brings one here.
import { findSymbols, type SymbolRow } from './api';

const SEARCH_DELAY_MS = 120;

export class SymbolPicker {
  private options: SymbolRow[] = [];
  private active = -1;
  private timer: number | undefined;
  private search: AbortController | null = null;
  private current = '';

  constructor(
    private readonly input: HTMLInputElement,
    private readonly list: HTMLUListElement,
    private readonly onPick: (symbol: string) => void,
  ) {
    input.addEventListener('input', () => this.later(input.value));
    input.addEventListener('focus', () => {
      input.select();
      this.later('');
    });
    input.addEventListener('blur', () => {
      this.close();
      input.value = this.current;
    });
    input.addEventListener('keydown', (event) => this.key(event));
    // mousedown, since blur comes before click.
    list.addEventListener('mousedown', (event) => {
      event.preventDefault();
      const item = (event.target as HTMLElement).closest('li');
      if (item) this.pick(item.dataset['symbol']!);
    });
    document.addEventListener('keydown', (event) => {
      if (event.key === '/' && document.activeElement !== input && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        input.focus();
      }
    });
  }

  set(symbol: string): void {
    this.current = symbol;
    if (document.activeElement !== this.input) this.input.value = symbol;
  }

  private later(query: string): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.find(query.trim()), SEARCH_DELAY_MS);
  }

  private async find(query: string): Promise<void> {
    this.search?.abort();
    this.search = new AbortController();
    try {
      this.options = await findSymbols(query, this.search.signal);
    } catch {
      this.options = [];  // The typed text can still be taken as it is.
    }
    if (document.activeElement === this.input) this.show();
  }

  private show(): void {
    this.active = -1;
    this.list.replaceChildren(...this.options.map((row, i) => {
      const item = document.createElement('li');
      item.id = `symbol-option-${i}`;
      item.role = 'option';
      item.ariaSelected = 'false';
      item.dataset['symbol'] = row.symbol;
      const name = document.createElement('span');
      name.textContent = row.name ?? '';
      item.append(row.symbol, name);
      return item;
    }));
    this.list.hidden = this.options.length === 0;
    this.input.ariaExpanded = String(!this.list.hidden);
    this.input.removeAttribute('aria-activedescendant');
  }

  private key(event: KeyboardEvent): void {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (this.list.hidden) return this.later(this.input.value === this.current ? '' : this.input.value);
      this.mark(this.active + (event.key === 'ArrowDown' ? 1 : -1));
    } else if (event.key === 'Enter') {
      const chosen = this.options[this.active]?.symbol ?? this.input.value.trim().toUpperCase();
      if (chosen) this.pick(chosen);
    } else if (event.key === 'Escape') {
      this.input.value = this.current;
      this.close();
    }
  }

  private mark(index: number): void {
    const items = [...this.list.children] as HTMLLIElement[];
    if (items.length === 0) return;
    this.active = (index + items.length) % items.length;
    items.forEach((item, i) => { item.ariaSelected = String(i === this.active); });
    const item = items[this.active]!;
    item.scrollIntoView({ block: 'nearest' });
    this.input.setAttribute('aria-activedescendant', item.id);
  }

  private pick(symbol: string): void {
    this.set(symbol);
    this.input.value = symbol;
    this.input.select();
    this.close();
    this.onPick(symbol);
  }

  private close(): void {
    window.clearTimeout(this.timer);
    this.search?.abort();
    this.options = [];
    this.active = -1;
    this.list.hidden = true;
    this.input.ariaExpanded = 'false';
    this.input.removeAttribute('aria-activedescendant');
  }
}
