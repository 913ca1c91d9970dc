import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { ArtifactStore } from './artifact-store.port.js';

@Global()
@Module({
  providers: [
    {
      provide: ArtifactStore,
      inject: [CONFIG],
      useFactory: (config: Config) => new ArtifactStore(join(config.dataDirectory, 'artifacts')),
    },
  ],
  exports: [ArtifactStore],
})
export class ArtifactsModule {}
