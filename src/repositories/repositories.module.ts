import { Module } from '@nestjs/common';
import { CompareWithHeadHandler } from './compare-with-head.query.js';
import { DismissFindingHandler } from './dismiss-finding.command.js';
import { FindRepositoryHandler } from './find-repository.query.js';
import { RegisterRepositoryHandler } from './register-repository.command.js';
import { RepositoriesController } from './repositories.controller.js';

@Module({
  controllers: [RepositoriesController],
  providers: [CompareWithHeadHandler, DismissFindingHandler, FindRepositoryHandler, RegisterRepositoryHandler],
})
export class RepositoriesModule {}
