"""Operations: from the keyboard, or from a call, to exactly the effects that they should have."""
