import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsOptional, Matches } from 'class-validator';
import { ID_PATTERN } from '#contracts';

const parts = (value: unknown, cleaned: (part: string) => string): unknown =>
  typeof value === 'string' ? value.split(',').map((part) => cleaned(part.trim())) : value;

const optionalList = (description: string, most: number, cleaned: (part: string) => string = (part) => part) =>
  applyDecorators(
    ApiPropertyOptional({ type: String, description: `${description}, separated by commas.` }),
    IsOptional(),
    Transform(({ value }: { value: unknown }) => parts(value, cleaned)),
    ArrayMaxSize(most),
  );

/** A parameter of the query that lists ids. */
export const IdList = (description: string): PropertyDecorator =>
  applyDecorators(
    optionalList(description, 50),
    Matches(ID_PATTERN, { each: true, message: `expected ids like ${ID_PATTERN.source}, separated by commas` }),
  );

/** A parameter of the query that lists some of these words. */
export const WordList = (
  description: string,
  words: readonly string[],
  expected: string,
  cleaned?: (part: string) => string,
): PropertyDecorator =>
  applyDecorators(
    optionalList(description, 100, cleaned),
    IsIn(words, { each: true, message: `expected ${expected}, separated by commas` }),
  );
