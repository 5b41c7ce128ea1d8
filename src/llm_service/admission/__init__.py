"""Who may use the engine now, who waits, and who is refused at once.

::

    admission   slots, and the queue before them
    pools       the context that slots share, and how much of it the requests in flight may take
"""

from .admission import QUEUE_SIZE, Admission, Place
from .pools import NOTHING, Weight

__all__ = ["NOTHING", "QUEUE_SIZE", "Admission", "Place", "Weight"]
