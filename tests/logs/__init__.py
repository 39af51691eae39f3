"""The log viewer: from bytes on a stream to rows on a screen."""
