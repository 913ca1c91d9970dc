import { describe, expect, it } from '@jest/globals';
import { surviveCuts } from '../cut-log.js';

describe('an append-only file whose last append is cut off at every byte', () => {
  it('loads without that append, or with all of it, and the loss is named', async () => {
    const bytes = await surviveCuts((all) => Array.from({ length: all + 1 }, (_, cut) => cut));
    process.stdout.write(`cut at each of ${bytes} bytes\n`);
    expect(bytes).toBeGreaterThan(1000);
  }, 900_000);
});
