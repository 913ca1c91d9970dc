import type { AnyEvent, Envelope } from '#contracts';
import type { Api } from './api.js';
import { SseReader } from './sse-reader.js';

const PATIENCE_MS = 60_000;

type Told = Envelope & { readonly cursor: string };
type Name = AnyEvent['type'];

/** The live stream of a service. What has been told can be waited for, also when it was told before. */
export class LiveEvents {
  private constructor(readonly reader: SseReader) {}

  /** Begins after a cursor, or now. Resolves when the stream has greeted: nothing that follows is missed. */
  static async open(api: Api, query: Readonly<Record<string, string>> = {}): Promise<LiveEvents> {
    const reader = await SseReader.open(`${api.url}/events/stream?${new URLSearchParams(query)}`, api.token);
    if (reader.status !== 200) throw new Error(`The stream answered ${reader.status}.`);
    await reader.until(() => reader.messages.length > 0);
    return new LiveEvents(reader);
  }

  get events(): readonly Told[] {
    return this.reader.events.map(({ id, data }) => ({ ...(JSON.parse(data) as Envelope), cursor: id }));
  }

  get names(): readonly string[] {
    return this.events.map(({ type }) => type.replace('hyperrun.', ''));
  }

  /** The first event of that name (and about that task or sprint); rejects when it does not come. */
  async wait(name: Name, about?: string): Promise<Told> {
    const find = () =>
      this.events.find(
        (event) =>
          event.type === `hyperrun.${name}` &&
          (about === undefined || event.taskid === about || event.sprintid === about),
      );
    await this.until(() => find() !== undefined, `${name}${about === undefined ? '' : ` about ${about}`}`);
    const found = find();
    if (found === undefined) throw new Error(`The stream ended before ${name}.`);
    return found;
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`No ${what} within ${PATIENCE_MS} ms. Told: ${this.names.join(', ')}`)),
        PATIENCE_MS,
      );
    });
    try {
      await Promise.race([this.reader.until(condition), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.reader.close();
  }
}
