import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { ProblemDto } from './http/problem.dto.js';

/** OpenAPI 3.1 at `/openapi.json`, made from the controllers when it is asked for first. */
export const serveOpenApi = (app: NestFastifyApplication): void => {
  const description = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('HyperRun')
    .setDescription('Errors are `application/problem+json`; docs/errors.md lists them by `code`.')
    .setVersion('0.1.0')
    .addBearerAuth()
    .addGlobalResponse({
      status: 'default',
      description: 'What went wrong, and what to do',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDto' } } },
    })
    .build();
  SwaggerModule.setup(
    'openapi',
    app,
    () => SwaggerModule.createDocument(app, description, { extraModels: [ProblemDto] }),
    { ui: false, raw: ['json'], jsonDocumentUrl: 'openapi.json' },
  );
};
