"""The page kit: what pages of every app are made of. It knows no organization and nobody's rows, and has no views."""
