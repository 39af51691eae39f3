"""Lists as data: columns, cells, filters and the dispatch tree. Pure; no colours, no terminal, no polling."""
