import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { ArtifactStore } from './artifact-store.port.js';
import { KnownBases } from './known-bases.port.js';

@Global()
@Module({
  providers: [
    {
      provide: ArtifactStore,
      inject: [CONFIG],
      useFactory: (config: Config) => new ArtifactStore(join(config.dataDirectory, 'artifacts')),
    },
    {
      provide: KnownBases,
      inject: [CONFIG, ArtifactStore],
      useFactory: (config: Config, artifacts: ArtifactStore) =>
        new KnownBases(join(config.dataDirectory, 'bases'), artifacts),
    },
  ],
  exports: [ArtifactStore, KnownBases],
})
export class ArtifactsModule {}
