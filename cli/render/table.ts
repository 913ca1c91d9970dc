import { stripVTControlCharacters } from 'node:util';
import { plain, type Style } from './style.js';

const width = (text: string) => Array.from(stripVTControlCharacters(text)).length;

/** Columns of equal width, two spaces between; the last one runs free. No row, no lines. */
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  style: Style = plain,
): string[] => {
  if (rows.length === 0) return [];
  const widths = head.map((name, column) => Math.max(width(name), ...rows.map((row) => width(row[column] ?? ''))));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === cells.length - 1 ? cell : cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell))),
      )
      .join('  ')
      .trimEnd();
  return [style.dim(line(head)), ...rows.map(line)];
};
