"""Jobs over the store that keep it fast and bounded: days made ahead, rewritten when closed, dropped when expired."""
