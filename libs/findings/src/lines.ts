import type { Range } from '#contracts';

/** Lines of a text: from an offset (UTF-16) to line and column, both from 1, and back. */
export class Lines {
  private readonly starts: number[] = [0];

  constructor(readonly text: string) {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
  }

  get count(): number {
    return this.starts.length;
  }

  /** Number of the line that holds this offset. */
  numberAt(offset: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  startOf(line: number): number {
    return this.starts[line - 1] ?? this.text.length;
  }

  /** The line without its end; at most 2,000 characters, which is more than anyone is shown. */
  textOf(line: number): string {
    const start = this.startOf(line);
    const end = this.starts[line] ?? this.text.length + 1;
    return this.text.slice(start, Math.min(end - 1, start + 2000));
  }

  range(start: number, end: number): Range {
    const startLine = this.numberAt(start);
    const last = Math.max(start, end - 1);
    const endLine = this.numberAt(last);
    return {
      startLine,
      startColumn: start - this.startOf(startLine) + 1,
      endLine,
      endColumn: last - this.startOf(endLine) + 1,
    };
  }
}
