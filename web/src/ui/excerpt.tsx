import { clean } from '#wording';
import './excerpt.css';

interface ExcerptProps {
  readonly path: string;
  readonly startLine: number;
  readonly text: string;
}
/** Some lines of a file, as text and nothing else, with their numbers. */
export const Excerpt = ({ path, startLine, text }: ExcerptProps) => (
  <figure className="excerpt">
    <figcaption className="mono wrap-anywhere">
      {clean(path)}:{startLine}
    </figcaption>
    <pre tabIndex={0} aria-label={`Excerpt of ${clean(path)}`}>
      {clean(text)
        .split('\n')
        .map((line, index) => (
          // Lines have no other name than their number.
          <span key={startLine + index} className="excerpt-line" data-line={startLine + index}>
            {line}
            {'\n'}
          </span>
        ))}
    </pre>
  </figure>
);
