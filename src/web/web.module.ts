import { fileURLToPath } from 'node:url';
import { Module } from '@nestjs/common';
import { WebController } from './web.controller.js';
import { WebFiles } from './web-files.js';

/** Beside `src` in what is built. */
const FOLDER = fileURLToPath(new URL('../../web', import.meta.url));

@Module({
  controllers: [WebController],
  providers: [{ provide: WebFiles, useFactory: () => WebFiles.read(FOLDER) }],
})
export class WebModule {}
