"""
The painter: the embedded image model. It composes a picture from what a prompt says, offline and repeatably.

A prompt is read into a Scene (`reading`), the scene gets its colours (`palette`) and its place (`composition`),
the rooms named after nouns draw it layer by layer, and `finish` gives it the medium. The door is `paint`.
"""
