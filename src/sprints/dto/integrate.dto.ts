import { ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsOptional, Matches } from 'class-validator';
import { ID_PATTERN, type TaskId } from '#contracts';

export class IntegrateDto {
  @ApiPropertyOptional({ type: [String], description: 'Which of the passed tasks. Left out: all.' })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(50)
  @Matches(ID_PATTERN, { each: true })
  taskIds?: TaskId[];
}
