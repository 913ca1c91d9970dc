import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { verifyExport } from '#seal';
import { eventsOf, replay } from '../../recorded/replay.js';
import { STORIES, tell } from '../../recorded/stories.js';

/** Where to keep them: for a new version of the schema, `test/recorded/schema-<version>`. */
const KEPT = process.env['HYPER_RUN_RECORD'];

describe('the log of a sprint, as it is recorded today', () => {
  it.each(Object.entries(STORIES))(
    'of a sprint that is %s is sound, and is replayed',
    async (name, story) => {
      const lines = await tell(story);
      expect(await verifyExport(lines)).toMatchObject({ valid: true });
      const state = replay(await eventsOf(lines));
      expect(state.sprint.completedAt).toBeDefined();
      if (KEPT === undefined) return;
      await mkdir(KEPT, { recursive: true });
      await writeFile(join(KEPT, `${name}.ndjson`), lines.join('\n'));
      await writeFile(join(KEPT, `${name}.state.json`), `${JSON.stringify(state, null, 2)}\n`);
    },
    120_000,
  );
});
