"""What lasts: one SQLite file, and every line of SQL of this project.

No legal rule and no XML stand here. Whoever writes hands its work to the writer and finds all of
it kept, or none.
"""
