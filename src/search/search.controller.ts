import { Controller, Get, Inject, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Answers, Problems } from '../http/answers.decorator.js';
import { FindRepositoryQuery } from '../repositories/find-repository.query.js';
import { RepositoryIndexes } from './repository-indexes.js';
import { SearchDto, TreeDto, WhichRepositoryDto } from './search.dto.js';
import { IndexAnswer, SearchAnswer, TreeAnswer } from './search.schema.js';

const NO_REPOSITORY = ['repository.unknown', 'repository.ambiguous', 'repository.empty'];

/** HAFS for people and programs: a repository at its HEAD, searched and walked. */
@ApiTags('hafs')
@ApiBearerAuth()
@Controller('hafs')
export class SearchController {
  constructor(
    @Inject(QueryBus) private readonly queries: QueryBus,
    @Inject(RepositoryIndexes) private readonly indexes: RepositoryIndexes,
  ) {}

  @Get('search')
  @ApiOperation({ summary: 'The places in a repository that answer a question best' })
  @Answers(200, SearchAnswer, 'The best first')
  @Problems(...NO_REPOSITORY, 'hafs.invalid-query')
  async search(@Query() { repository, q, limit, tokens }: SearchDto) {
    const { index, ...where } = await this.#indexOf(repository);
    return { ...where, items: await index.search(q, { limit, tokens }) };
  }

  @Get('tree')
  @ApiOperation({ summary: 'A folder or file of a repository, with what lies directly below' })
  @Answers(200, TreeAnswer, 'The folder or file')
  @Problems(...NO_REPOSITORY, 'hafs.path-not-found')
  async tree(@Query() { repository, path }: TreeDto) {
    const { index, ...where } = await this.#indexOf(repository);
    return { ...where, node: index.tree(path) };
  }

  @Get('status')
  @ApiOperation({ summary: 'What the index of a repository holds, and what was left out' })
  @Answers(200, IndexAnswer, 'The index')
  @Problems(...NO_REPOSITORY)
  async status(@Query() { repository }: WhichRepositoryDto) {
    const { index, ...where } = await this.#indexOf(repository);
    return { ...where, ...index.status() };
  }

  async #indexOf(wanted: string | undefined) {
    const { repositoryId, path } = await this.queries.execute(new FindRepositoryQuery(wanted));
    const { commit, index } = await this.indexes.at(path);
    return { repositoryId, commit, index };
  }
}
