import { Controller, Get, Headers, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { HyperRunError } from '#contracts';
import { WebFiles, type WebFile } from './web-files.js';

const ALWAYS_ASKED = 'no-cache';
const FOR_EVER = 'public, max-age=31536000, immutable';

/** The web app. Its routes stand behind `#`, so that no path of the interface is ever one of its own. */
@ApiExcludeController()
@Controller()
export class WebController {
  constructor(private readonly files: WebFiles) {}

  @Get()
  async page(@Headers('if-none-match') known: string | undefined, @Res() reply: FastifyReply): Promise<void> {
    if (this.files.page === undefined)
      throw new HyperRunError('web.not-built', 'The service was built without the web app. Build all: npm run build');
    await send(reply, this.files.page, ALWAYS_ASKED, known);
  }

  @Get('favicon.svg')
  async icon(@Headers('if-none-match') known: string | undefined, @Res() reply: FastifyReply): Promise<void> {
    await send(reply, required(this.files.icon), ALWAYS_ASKED, known);
  }

  @Get('assets/:name')
  async asset(
    @Param('name') name: string,
    @Headers('if-none-match') known: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await send(reply, required(this.files.assets.get(name)), FOR_EVER, known);
  }
}

const required = (file: WebFile | undefined): WebFile => {
  if (file === undefined) throw new HyperRunError('request.not-found', 'The web app has no such file.');
  return file;
};

const send = (reply: FastifyReply, { body, type, etag }: WebFile, keep: string, known: string | undefined) => {
  void reply.header('Cache-Control', keep).header('ETag', etag);
  if (known?.includes(etag)) return reply.status(304).send();
  return reply.type(type).send(body);
};
