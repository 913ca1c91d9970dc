import { Global, Module } from '@nestjs/common';
import { IsolationLevel } from './isolation-level.port.js';

@Global()
@Module({ providers: [IsolationLevel], exports: [IsolationLevel] })
export class IsolationModule {}
