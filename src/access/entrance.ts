import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyReply } from 'fastify';

const html = readFileSync(new URL('entrance.html', import.meta.url), 'utf8');

/** The page carries its script and style itself, so that it works without the web app; only these may run. */
const sourceOf = (tag: 'script' | 'style'): string => {
  const text = new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(html)?.[1];
  if (text === undefined) throw new Error(`entrance.html has no <${tag}>.`);
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
};

const POLICY = [
  "default-src 'none'",
  `script-src ${sourceOf('script')}`,
  `style-src ${sourceOf('style')}`,
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page that lets a browser in with the ticket behind `#`, and says without one how to get it. */
export const sendEntrance = (reply: FastifyReply): FastifyReply =>
  reply.header('Content-Security-Policy', POLICY).type('text/html; charset=utf-8').send(html);
