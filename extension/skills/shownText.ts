/** Words of skills, made harmless to show. */
export {
  attributeText,
  fencedBlock,
  markedLines,
  oneLine,
  taggedText,
  visibleText,
} from '../core/shownText.ts';
