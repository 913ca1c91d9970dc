import { Module } from '@nestjs/common';
import { DismissFindingHandler } from './dismiss-finding.command.js';
import { FindRepositoryHandler } from './find-repository.query.js';
import { RegisterRepositoryHandler } from './register-repository.command.js';
import { RepositoriesController } from './repositories.controller.js';

@Module({
  controllers: [RepositoriesController],
  providers: [DismissFindingHandler, FindRepositoryHandler, RegisterRepositoryHandler],
})
export class RepositoriesModule {}
