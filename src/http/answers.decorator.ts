import type { Readable } from 'node:stream';
import { ApiExtension, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { schemaRef, type Told } from './schemas.js';

const TEXT = { type: 'string' } as const;

/** Headers of an answer, each with what it says. */
type Headers = Readonly<Record<string, string>>;
const documented = (headers: Headers) =>
  Object.fromEntries(Object.entries(headers).map(([name, says]) => [name, { description: says, schema: TEXT }]));

interface More {
  readonly headers?: Headers;
  /** Other media types in which the same is told, when `Accept` asks for one. */
  readonly or?: readonly string[];
}

/** Documents an answer in JSON. The compiler holds the handler to it, unless it answers with text that is JSON already. */
export const Answers =
  <Schema extends z.ZodType>(
    status: number,
    schema: Schema,
    description: string,
    { headers = {}, or = [] }: More = {},
  ) =>
  <Method extends (...args: never[]) => Answer<Schema> | Promise<Answer<Schema>>>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    ApiResponse({
      status,
      description,
      headers: documented(headers),
      content: {
        'application/json': { schema: schemaRef(schema) },
        ...Object.fromEntries(or.map((mediaType) => [mediaType, { schema: TEXT }])),
      },
    })(target, key, descriptor);
  };

type Answer<Schema extends z.ZodType> = Told<Schema> | string | Readable;

/** Documents an answer that is text. */
export const AnswersText = (
  status: number,
  mediaType: string,
  description: string,
  headers: Headers = {},
): MethodDecorator =>
  ApiResponse({ status, description, headers: documented(headers), content: { [mediaType]: { schema: TEXT } } });

/** Documents a stream of server-sent events: what the data of each message is, by its `event:`; `message` has none. */
export const AnswersStream = (description: string, messages: Readonly<Record<string, z.ZodType>>): MethodDecorator =>
  ApiResponse({
    status: 200,
    description,
    content: {
      'text/event-stream': {
        schema: TEXT,
        ...{ 'x-messages': Object.fromEntries(Object.entries(messages).map(([name, of]) => [name, schemaRef(of)])) },
      },
    },
  });

/** Of whoever takes a cursor. */
export const CURSOR_PROBLEMS = ['cursor.invalid', 'cursor.other-incarnation', 'cursor.beyond-top'] as const;

export const PROBLEMS = 'x-problems';

/** Documents what a route refuses, by the codes of docs/errors.md; not what all routes refuse: see openapi.ts. */
export const Problems = (...codes: readonly string[]): MethodDecorator => ApiExtension(PROBLEMS, codes);
