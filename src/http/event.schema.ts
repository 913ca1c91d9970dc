import { z } from 'zod';
import { eventSchemas, TYPE_PREFIX } from '#contracts';
import { named, pageSchema } from './schemas.js';

const Envelope = named(
  'Envelope',
  z.object({
    specversion: z.literal('1.0'),
    id: z.string(),
    source: z.string(),
    type: z.string(),
    subject: z.string().optional(),
    datacontenttype: z.literal('application/json'),
    sprintid: z.string().optional(),
    taskid: z.string().optional(),
    agentid: z.string().optional(),
    stream: z.string(),
    schemaversion: z.string(),
    actor: z.string(),
    correlationid: z.string().optional(),
    causationid: z.string().optional(),
    data: z.looseObject({}),
    time: z.iso.datetime(),
    streamversion: z.string(),
    position: z.string(),
  }),
);

const bodies: readonly z.ZodType<unknown>[] = Object.entries(eventSchemas).map(([name, data]) =>
  z.object({ type: z.literal(TYPE_PREFIX + name), data }),
);

/** A CloudEvent, with the data that its type has. */
export const Event = named('Event', z.intersection(Envelope, z.union(bodies)));
export const EventPage = named('EventPage', pageSchema(Event));

const LeftOut = named(
  'LeftOut',
  z.object({ sprintId: z.string(), digest: z.string().describe('Of the archive that was let go of'), events: z.int() }),
);

/**
 * `next`: the cursor up to which this page reaches. `previous`: the `before` of the page of older events, if there are any.
 * `leftOut`: events that stood here and that nobody can read any more, if there were any.
 */
export const HistoryPage = named(
  'HistoryPage',
  pageSchema(Event).extend({ next: z.string(), previous: z.string().optional(), leftOut: z.array(LeftOut).optional() }),
);
