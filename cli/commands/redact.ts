import { Command } from 'commander';
import { RedactionView } from '../api.js';
import { texts, type Context } from '../context.js';
import { plural } from '../render/style.js';
import { oneLine } from '../text.js';
import { jsonOption } from './options.js';

interface RedactOptions {
  readonly reason: string;
  readonly json?: boolean;
}

export const redactCommand = (context: Context) =>
  new Command('redact')
    .description('take the texts of an event out of the log, the archive and the artefacts; the seal still holds')
    .argument('<event>', 'its id, as `replay --json` tells it')
    .requiredOption('--reason <text>', 'recorded; without what is to be taken out')
    .addOption(jsonOption())
    .action(async (eventId: string, { reason, json }: RedactOptions) => {
      const client = await context.connect(texts({ ...(json && { json }) }));
      const path = `/events/${encodeURIComponent(eventId)}/redact`;
      const done = await client.send(RedactionView, 'POST', path, { reason });
      if (json) return context.json(done, 2);
      const gone = [plural(done.fields.length, 'text'), plural(done.artifacts.length, 'artefact')].join(', ');
      context.line(
        `Redacted: ${oneLine(done.stream)} ${done.version}, ${gone}. SHA-256 of what was there: ${done.digest}`,
      );
      context.note('Backups, and what was read before, still hold it: see docs/audit.md.');
    });
