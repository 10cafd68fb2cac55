"""Jobs over the store that keep it fast and bounded: days made ahead, rewritten when closed, dropped when expired;
attendance and places that have expired go."""
