"""Who is calling, may they, who pays. What comes out is one Permit; the engine works with it and knows no more.

Access keeps money and never prices; the engine prices and never keeps.
"""
