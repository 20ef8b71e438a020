SELECT value FROM setting WHERE name = 'attribution_window_ms'
