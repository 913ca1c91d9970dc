import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { ArchiveView } from '../api.js';
import { texts, type Context } from '../context.js';
import { bytes, plural } from '../render/style.js';
import { oneLine } from '../text.js';
import { jsonOption } from './options.js';

interface ArchiveOptions {
  readonly output?: string;
  readonly json?: boolean;
}

export const archiveCommand = (context: Context) =>
  new Command('archive')
    .description(
      'put the events of a finished sprint into a sealed file now; everything about it is answered as before',
    )
    .argument('<sprint>')
    .option('-o, --output <file>', 'write the archive there, too')
    .addOption(jsonOption())
    .action(async (sprintId: string, options: ArchiveOptions) => {
      const client = await context.connect(texts(options));
      const path = `/hyper-running/sprints/${encodeURIComponent(sprintId)}/archive`;
      const archive = await client.send(ArchiveView, 'POST', path, {});
      if (options.output !== undefined) {
        const file = await (await client.request(path)).arrayBuffer();
        await writeFile(options.output, Buffer.from(file), { flag: 'wx' });
      }
      if (options.json) return context.json(archive, 2);
      const file = options.output ?? archive.path;
      context.line(`Archived: ${plural(archive.events, 'event')}, ${bytes(archive.bytes)}, SHA-256 ${archive.digest}`);
      context.note(`Prove it offline: hyper-run verify ${oneLine(file)}`);
    });
