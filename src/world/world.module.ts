import { Global, Module } from '@nestjs/common';
import { Decisions } from './decisions.port.js';
import { LiveWorld } from './live-world.port.js';

@Global()
@Module({ providers: [LiveWorld, Decisions], exports: [LiveWorld, Decisions] })
export class WorldModule {}
