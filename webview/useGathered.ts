import { useEffect, useRef, useState } from 'preact/hooks';
import type { Announcer } from './announce.ts';

/** How long after the last question of several its announcement is made. In milliseconds. */
const gatherTime = 300;

/** The announcer, late by a moment where what it says still grows. */
export const useGathered = (announcer: Announcer): Announcer => {
  const [gathered, setGathered] = useState(announcer);
  const shown = useRef(announcer);
  useEffect(() => {
    if (announcer.groupId === undefined) return;
    const timer = setTimeout(() => setGathered(announcer), gatherTime);
    return () => clearTimeout(timer);
  }, [announcer]);
  // What was gathered before something else was said is not said again.
  if (announcer.groupId === undefined || gathered === announcer) shown.current = announcer;
  return shown.current;
};
