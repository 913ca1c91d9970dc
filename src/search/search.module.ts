import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { RepositoryIndexes } from './repository-indexes.js';
import { RepositorySearch } from './repository-search.port.js';
import { SearchController } from './search.controller.js';

@Module({
  imports: [CqrsModule],
  controllers: [SearchController],
  providers: [RepositoryIndexes, RepositorySearch],
  exports: [RepositorySearch],
})
export class SearchModule {}
