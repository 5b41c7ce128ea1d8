"""What a room talks about now, told online and without a model.

``TopicTracker`` follows a room of any size; ``TopicShift`` tells, for one conversation, whether a line leaves the
subject of the lines before it.
"""

from llm_service.topic_tracker.shift import TopicShift
from llm_service.topic_tracker.tracker import TopicChange, TopicTracker

__all__ = ["TopicChange", "TopicShift", "TopicTracker"]
